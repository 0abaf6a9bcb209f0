// Texts that would be run if any page wrote them into its HTML as they are, and the places they are
// put into. Each says `alert`, which the watch hears, and carries `data-xss`, which `foreign` finds.

const LONG = `"'--></title></style></textarea></select></script><script data-xss>alert(1)</script><img src=x data-xss onerror=alert(2)><svg data-xss onload=alert(3)>`;
const MIDDLE = `"'><img src=x data-xss onerror=alert(4)><svg data-xss onload=alert(5)>`;
const SHORT = `"'><svg data-xss onload=alert(6)>`;
const TINY = `<b data-xss>`;

/** One text for each way out of a place in a page. */
export const corpus = [
    LONG,
    `<script data-xss>alert(1)</script>`,
    `<ScRiPt data-xss src=//127.0.0.2:9/x.js></sCrIpT>`,
    `<img src=x data-xss onerror=alert(1)>`,
    `<svg/onload=alert(1) data-xss>`,
    `<iframe data-xss srcdoc="<script>parent.alert(1)</script>"></iframe>`,
    `<details data-xss open ontoggle=alert(1)>`,
    `<input data-xss autofocus onfocus=alert(1)>`,
    `<a data-xss href="javascript:alert(1)">press</a>`,
    `<b data-xss hx-get="/admin" hx-trigger="load" hx-on::after-request="alert(1)">x</b>`,
    `<form data-xss><button formaction=javascript:alert(1)>press</button></form>`,
    `<math data-xss><mtext><mglyph><style><img src=x onerror=alert(1)></style></mglyph></mtext></math>`,
    `" autofocus onfocus="alert(1)" data-xss="`,
    `' autofocus onfocus='alert(1)' data-xss='`,
    `x onfocus=alert(1) autofocus data-xss`,
    `</textarea><script data-xss>alert(1)</script>`,
    `</script><script data-xss>alert(1)</script>`,
    `<!--><img src=x data-xss onerror=alert(1)>-->`,
    `&lt;img src=x data-xss onerror=alert(1)&gt;`,
    `&#60;img src=x data-xss onerror=alert(1)&#62;`,
    `\u003cimg src=x data-xss onerror=alert(1)\u003e`,
    `%3Cimg src=x data-xss onerror=alert(1)%3E`,
    `javascript:alert(1)//`,
    `\u0001java\tscript:alert(1)`,
    `data:text/html,<script data-xss>alert(1)</script>`,
    `{{7*7}}\${7*7}<%= 7*7 %>{% raw %}<b data-xss>`,
    `+ADw-script data-xss+AD4-alert(1)+ADw-/script+AD4-`,
    `ʺ>＜script data-xss＞alert(1)＜/script＞`,
];

// What a field that wants something in particular still takes.
const disguised = (word) => [
    `javascript:alert(7)//${word}`,
    `https://x.example/"><img src=x data-xss onerror=alert(8)>${word}`,
    `https://x.example/'><svg/onload=alert(8) data-xss>`,
    `"<svg/onload=alert(9) data-xss>"@x.example`,
    `a'"+<b>@x.example`,
];

function candidates({ type, limits }, word) {
    if (type === 'json') return [{ [LONG]: LONG }];
    const most = limits.max_length ?? 4000;
    const plain = [LONG, MIDDLE, SHORT, TINY].map((text) => text + word).filter((text) => text.length <= most);
    return [...plain, ...disguised(word), TINY].filter((text) => text.length <= most);
}

async function fill(api, model, key, field, word) {
    for (const value of candidates(field, word)) {
        try {
            await api.change(model.slug, key, { [field.name]: value });
            return true;
        } catch (error) {
            // The field does not take this one.
            if (!/: (400|403|409|422) /.test(error.message)) throw error;
        }
    }
    return false;
}

/**
 * Puts the worst that each field takes into every text of the first record of every model. The
 * answer: the fields that took something, and those that took nothing.
 */
export async function poison(api, { spare = [] } = {}) {
    const taken = [];
    const refused = [];
    for (const { slug, verbs } of await api.models()) {
        if (!verbs.includes('patch') || spare.includes(slug)) continue;
        const model = await api.model(slug);
        const [record] = await api.list(slug, 'limit=1');
        const texts = model.fields.filter((f) => ['text', 'json'].includes(f.type) && f.choices.length === 0 && f.writable.includes('patch') && !model.key.includes(f.name));
        if (!record) continue;
        const key = model.key.map((name) => encodeURIComponent(record[name])).join(',');
        for (const field of texts) {
            const name = `${slug}.${field.name}`;
            ((await fill(api, model, key, field, slug)) ? taken : refused).push(name);
        }
    }
    return { taken, refused };
}

/** What of a page came out of a value: elements of the corpus, handlers, addresses that are scripts. */
export function foreign(page) {
    return page.evaluate(() => {
        const found = [];
        for (const element of document.querySelectorAll('*')) {
            const name = element.tagName.toLowerCase();
            if (element.hasAttribute('data-xss')) found.push(`<${name} data-xss>`);
            if (['iframe', 'object', 'embed', 'base'].includes(name)) found.push(`<${name}>`);
            for (const { name: attribute, value } of element.attributes) {
                if (/^(on|hx-on|data-hx-on)/.test(attribute)) found.push(`<${name} ${attribute}>`);
                const address = ['href', 'src', 'action', 'formaction', 'xlink:href', 'srcdoc', 'hx-get', 'hx-post'].includes(attribute);
                // eslint-disable-next-line no-control-regex
                const scheme = address && /^[\u0000-\u0020]*([a-z][a-z\t\n\r]*):/i.exec(value)?.[1].replace(/\s/g, '').toLowerCase();
                const icon = name === 'link' && value === 'data:,';
                if (scheme && !icon && !['http', 'https', 'mailto', 'tel'].includes(scheme)) found.push(`<${name} ${attribute}="${value.slice(0, 40)}">`);
            }
        }
        return [...new Set(found)];
    });
}
