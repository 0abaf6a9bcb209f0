// The same server through its REST API, with the cookie of a user: for what a test needs to be there
// before it opens a page, and for looking at what a page has left behind.

const sessions = new Map();

/** One user's way to the API. */
export class Api {
    constructor(server, who, cookie) {
        this.server = server;
        this.who = who;
        this.cookie = cookie;
    }

    /** The API as `who` sees it; logs in once in each server. */
    static of(server, who) {
        const key = `${server.address} ${who}`;
        if (!sessions.has(key)) sessions.set(key, Api.login(server, who));
        return sessions.get(key);
    }

    /** A session of its own, which may be ended. */
    static async login(server, who) {
        const body = JSON.stringify({ username: who, password: server.passwords[who] });
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${server.address}/auth/login`, { method: 'POST', headers, body });
        if (!answer.ok) throw new Error(`login of ${who}: ${answer.status} ${await answer.text()}`);
        const [pair] = answer.headers.get('set-cookie').split(';');
        const [name, value] = pair.split('=');
        return new Api(server, who, { name, value, domain: '127.0.0.1', path: '/', httpOnly: true });
    }

    /** The same user, in another session. */
    fresh() {
        return Api.login(this.server, this.who);
    }

    async send(method, path, body, more = {}) {
        const headers = { cookie: `${this.cookie.name}=${this.cookie.value}`, ...more };
        if (method !== 'GET') headers.origin = this.server.address;
        if (body !== undefined) headers['content-type'] = 'application/json';
        const answer = await fetch(this.server.address + path, { method, headers, body: body && JSON.stringify(body) });
        const text = await answer.text();
        if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        return text && JSON.parse(text);
    }

    /** The models that the user may see. */
    async models() {
        return (await this.send('GET', '/api/v1/_models')).data;
    }

    async model(slug) {
        return this.send('GET', `/api/v1/_models/${slug}`);
    }

    async list(model, query = '') {
        return (await this.send('GET', `/api/v1/${model}?${query}`)).data;
    }

    async read(model, key) {
        return this.send('GET', `/api/v1/${model}/${key}`);
    }

    async create(model, values) {
        return this.send('POST', `/api/v1/${model}`, values);
    }

    async change(model, key, values) {
        return this.send('PATCH', `/api/v1/${model}/${key}`, values, { 'if-match': '*' });
    }

    async delete(model, key) {
        return this.send('DELETE', `/api/v1/${model}/${key}`, undefined, { 'if-match': '*' });
    }
}
