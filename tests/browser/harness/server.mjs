// Servers to look at: a fresh SQLite database in a temporary folder, a free port, the binary as it
// is. Nothing of the developer's own settings or files is read.

import { spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { binary } from './tools.mjs';

// The limits stay on, out of reach, also of a machine that stands still for a while. Hashing is as cheap as
// the settings allow.
const limits = {
    QUARTERDECK_RATE_LIMIT_PER_ADDRESS: '100000000',
    QUARTERDECK_RATE_LIMIT_PER_PRINCIPAL: '100000000',
    QUARTERDECK_RATE_LIMIT_LOGIN: '100000',
    QUARTERDECK_DATABASE_STATEMENT_TIMEOUT_MS: '60000',
    QUARTERDECK_DATABASE_ACQUIRE_TIMEOUT_MS: '60000',
};

const running = new Set();

/** Ends what is still running, without asking how it went. */
export function killAll() {
    running.forEach((server) => server.kill());
}
process.on('exit', killAll);

export function freePort() {
    return new Promise((resolve, reject) => {
        const probe = createServer();
        probe.once('error', reject);
        probe.listen(0, '127.0.0.1', () => {
            const { port } = probe.address();
            probe.close(() => resolve(port));
        });
    });
}

class Server {
    constructor(port, program) {
        this.address = `http://127.0.0.1:${port}`;
        this.port = port;
        this.program = program;
        this.folder = mkdtempSync(join(tmpdir(), 'quarterdeck-browser-'));
        /** Passwords by user name, as the demo prints them. */
        this.passwords = {};
        /** The link that makes the first user, when there is none. */
        this.setupLink = '';
        this.log = [];
    }

    get environment() {
        const { PATH, HOME, TMPDIR } = process.env;
        const own = { PATH, HOME, ...(TMPDIR && { TMPDIR }), ...limits };
        return { ...own, QUARTERDECK_DATABASE_URL: `sqlite://${join(this.folder, 'desk.db')}` };
    }

    /** Runs another command of the program on the same database. */
    command(args, input = '') {
        const options = { cwd: this.folder, env: this.environment, input, encoding: 'utf8' };
        const { status, stdout, stderr } = spawnSync(this.program, args, options);
        if (status !== 0) throw new Error(`${args.join(' ')}: ${status} ${stdout}${stderr}`);
        return stdout;
    }

    /** Ends when the server says that it is ready. */
    serve(args) {
        this.child = spawn(this.program, ['serve', '--bind', `127.0.0.1:${this.port}`, ...args], {
            cwd: this.folder,
            env: this.environment,
            stdio: ['ignore', 'pipe', 'pipe'],
        });
        running.add(this.child);
        this.ended = new Promise((resolve) => this.child.once('exit', (...how) => resolve(how)));
        return new Promise((resolve, reject) => {
            const hear = (line) => this.hear(line) && resolve(this);
            createInterface(this.child.stdout).on('line', hear);
            createInterface(this.child.stderr).on('line', hear);
            this.ended.then((how) => reject(new Error(`ended with ${how}:\n${this.log.join('\n')}`)));
        });
    }

    hear(line) {
        this.log.push(line);
        const user = /^(administrator|editor|viewer) +(\S+)$/.exec(line);
        if (user) this.passwords[user[1]] = user[2];
        const link = /(\/auth\/setup\S*)/.exec(line);
        if (link) this.setupLink = link[1];
        return / is ready at http/.test(line);
    }

    async stop() {
        this.child.kill('SIGTERM');
        const [status] = await this.ended;
        running.delete(this.child);
        rmSync(this.folder, { recursive: true, force: true });
        if (status !== 0) throw new Error(`exit status ${status}:\n${this.log.slice(-20).join('\n')}`);
    }
}

/** A shop with 100,000 rows and three users. */
export async function demoServer() {
    return new Server(await freePort(), binary).serve(['--demo']);
}

/** A database with nothing in it: the server prints a link to make the first user. */
export async function emptyServer() {
    return new Server(await freePort(), binary).serve([]);
}

/**
 * Another program with a superuser `clerk`, on a copy of a database that was there first, or on an
 * empty one.
 */
export async function serverOf(program, database) {
    const server = new Server(await freePort(), program);
    if (database) cpSync(database, join(server.folder, 'desk.db'));
    server.command(['migrate']);
    server.passwords.clerk = 'clerk of the shop';
    server.command(['user', 'create', 'clerk', '--superuser', '--password-stdin'], server.passwords.clerk);
    return server.serve([]);
}
