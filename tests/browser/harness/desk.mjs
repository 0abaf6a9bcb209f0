// One person at one page, in the words of that person: open the list of books, fill the field
// "Price", press "Save". Everything is found by what is read on the screen.

function exactly(text) {
    const escaped = text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return new RegExp(`^\\s*${escaped}\\s*\\*?\\s*$`);
}

/** A page, and who sits before it. */
export class Desk {
    constructor(parts) {
        // page, watch, api, server, again, scripted
        Object.assign(this, parts);
    }

    /** Another desk of the same person. */
    another() {
        return this.again();
    }

    /** From now on in a session that no other test has. */
    async logInAgain() {
        this.api = await this.api.fresh();
        await this.page.context().addCookies([this.api.cookie]);
    }

    get main() {
        return this.page.locator('main');
    }

    async open(path) {
        const answer = await this.page.goto(path);
        return answer.status();
    }

    openHome() {
        return this.open('/admin');
    }

    openList(model, query = '') {
        return this.open(`/admin/${model}${query && `?${query}`}`);
    }

    openNew(model) {
        return this.open(`/admin/${model}/new`);
    }

    openRecord(model, key) {
        return this.open(`/admin/${model}/${key}`);
    }

    /** The path and query of the page. */
    get here() {
        const { pathname, search } = new URL(this.page.url());
        return pathname + decodeURIComponent(search);
    }

    heading() {
        return this.page.getByRole('heading', { level: 1 }).innerText();
    }

    field(label) {
        return this.main.getByLabel(exactly(label)).first();
    }

    async fill(values) {
        for (const [label, value] of Object.entries(values)) await this.field(label).fill(value);
    }

    button(name) {
        return this.page.getByRole('button', { name, exact: true });
    }

    link(name) {
        return this.main.getByRole('link', { name, exact: true });
    }

    press(name) {
        return this.button(name).click();
    }

    follow(name) {
        return this.link(name).click();
    }

    /** What is said at a field that is wrong. */
    async faultAt(label) {
        const field = this.field(label);
        const ids = ((await field.getAttribute('aria-describedby')) ?? '').split(' ');
        const said = await Promise.all(ids.filter((id) => id.startsWith('e-')).map((id) => this.page.locator(`[id="${id}"]`).innerText()));
        return said.join(' ').trim();
    }

    /** What is said above the form. */
    alert() {
        return this.page.getByRole('alert').innerText();
    }

    /** What was done just now. */
    notice() {
        return this.main.getByRole('status').first().innerText();
    }

    get rows() {
        return this.main.locator('table tbody tr');
    }

    header(label) {
        return this.main.locator('table thead th').filter({ hasText: label }).first();
    }

    /** The texts of a column of the list. */
    async column(label) {
        const position = await this.header(label).evaluate((cell) => cell.cellIndex);
        const cells = await this.rows.locator(`> :nth-child(${position + 1})`).allInnerTexts();
        return cells.map((text) => text.trim());
    }

    /** The conditions that the list says it has. */
    async chips() {
        const texts = await this.page.getByRole('list', { name: 'Conditions' }).locator('li > span').allInnerTexts();
        return texts.map((text) => text.trim());
    }

    async search(words) {
        await this.main.getByRole('searchbox').fill(words);
        await this.press('Search');
    }

    /** Opens the form of conditions. */
    async openFilters() {
        await this.main.getByText('Filter', { exact: true }).click();
    }

    sortBy(label) {
        return this.header(label).getByRole('link').click();
    }

    /** Follows the link to the next page of a list (`next`), or the one before (`prev`). */
    async turn(way) {
        await Promise.all([this.page.waitForEvent('framenavigated'), this.main.locator(`a[rel="${way}"]`).click()]);
        await this.page.waitForLoadState();
    }

    logOut() {
        return this.press('Log out');
    }

    /** So that the server is asked what the browser would not let pass. */
    async withoutBrowserChecks() {
        await this.main.locator('form').evaluateAll((forms) => forms.forEach((form) => (form.noValidate = true)));
    }

    /** Answers a page of differences: what was typed shall stay. */
    keepYours() {
        return this.press('Save');
    }

    /** Whether something of the page is wider than the window. */
    async tooWide() {
        return this.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    }

    /** Where the keyboard is. */
    focused() {
        return this.page.evaluate(() => {
            const element = document.activeElement;
            return (element.getAttribute('aria-label') ?? element.innerText ?? '').trim() || element.id || element.tagName;
        });
    }

    close() {
        return this.page.context().close();
    }
}
