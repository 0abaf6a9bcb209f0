// Which pages are alike: the address of a page without the names of models and records, and the
// names of its reserved parameters. A new page is a new kind by itself; nothing is listed here.

// Parameters of the list's grammar that are no condition on a field.
const RESERVED = new Set(['sort', 'q', 'fields', 'expand', 'limit', 'cursor', 'page', 'offset', 'count', 'trash', 'saved']);

function place([root, model, second, ...rest], models) {
    if (root !== 'admin' || !models.has(model)) return { kind: [root, model, second, ...rest], model: '' };
    if (second === undefined) return { kind: ['admin', '{model}'], model };
    const isWord = second.startsWith('_') || second === 'new';
    const inner = isWord ? [second, ...rest.map(() => '…')] : ['{id}', ...rest];
    return { kind: ['admin', '{model}', ...inner], model };
}

/**
 * The kind and the model of an address, and how many parameters it has. A number, outside of a model,
 * is the number of something.
 */
export function kindOf(url, models) {
    const { pathname, searchParams } = new URL(url);
    const { kind, model } = place(pathname.split('/').slice(1), models);
    const path = kind.filter((part) => part !== undefined).map((part) => (/^\d+$/.test(part) ? '{number}' : part));
    const asked = [...new Set([...searchParams.keys()].map((name) => (RESERVED.has(name) || name.startsWith('_') ? name : '{field}')))];
    return { kind: `/${path.join('/')}${asked.length ? `?${asked.sort().join('&')}` : ''}`, model, parameters: asked.length };
}
