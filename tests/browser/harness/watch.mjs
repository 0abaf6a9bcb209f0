// What no page may do while anybody looks at it: break its content security policy, write an error
// to the console, throw, ask another host, or be refused something it asked for.

const told = /^Failed to load resource/;

/** Watches every page of a browser context. */
export class Watch {
    constructor(address) {
        this.address = address;
        this.faults = [];
        this.statuses = new Set();
    }

    /** From now on these statuses are what the test wants to see. */
    expect(...statuses) {
        statuses.forEach((status) => this.statuses.add(status));
    }

    async over(context) {
        context.on('page', (page) => this.onPage(page));
        context.on('request', (request) => this.onRequest(request));
        context.on('response', (response) => this.onResponse(response));
        context.on('requestfailed', (request) => this.onFailure(request));
    }

    onPage(page) {
        page.on('pageerror', (error) => this.note('thrown', error.message));
        page.on('dialog', (dialog) => {
            // A form with something in it: one goes all the same.
            if (dialog.type() === 'beforeunload') return void dialog.accept().catch(() => {});
            this.note('dialog', dialog.message());
            dialog.dismiss().catch(() => {});
        });
        page.on('console', (message) => {
            if (message.type() !== 'error' || told.test(message.text())) return;
            this.note('console', message.text());
        });
    }

    onRequest(request) {
        const url = request.url();
        if (!url.startsWith(`${this.address}/`) && !/^(data|blob|about):/.test(url)) {
            this.note('another host', url);
        }
    }

    onResponse(response) {
        if (response.status() >= 400 && !this.statuses.has(response.status())) {
            this.note(response.status(), `${response.request().method()} ${response.url()}`);
        }
    }

    // A request is aborted when one leaves its page, or when its answer is a download.
    onFailure(request) {
        const { errorText } = request.failure();
        if (errorText !== 'net::ERR_ABORTED') this.note(errorText, request.url());
    }

    note(kind, text) {
        this.faults.push(`${kind}: ${text}`);
    }

    /** Throws when there was anything, and forgets it. */
    mustBeQuiet() {
        const faults = this.faults.splice(0);
        if (faults.length > 0) throw new Error(`while the page was open:\n  ${faults.join('\n  ')}`);
    }
}

/**
 * Violations of the policy as Chromium itself reports them, which needs no script in the page: they
 * are seen with JavaScript off, too.
 */
export async function watchPolicy(page, watch) {
    const devtools = await page.context().newCDPSession(page);
    devtools.on('Audits.issueAdded', ({ issue }) => {
        const found = issue.details.contentSecurityPolicyIssueDetails;
        if (found) watch.note('policy', `${found.violatedDirective} ${found.blockedURL ?? found.contentSecurityPolicyViolationType}`);
    });
    await devtools.send('Audits.enable');
}
