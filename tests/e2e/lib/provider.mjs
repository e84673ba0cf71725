// The real binary, in a directory that is thrown away: as the demo with its portal, or served as an
// operator would, with relying parties and a citizen put in by command line.

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { citizensOf } from './citizens.mjs';
import { Authenticator } from './totp.mjs';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the binary is: `VNEID_BINARY`, else what `cargo build` made. */
export const BINARY = path.resolve(
  process.env.VNEID_BINARY ?? path.join(REPOSITORY, 'target', 'debug', 'vneid'),
);

/** Starts the demo and waits until provider and portal answer. Stop it with `stop()`. */
export async function startDemo() {
  const directory = await mkdtemp(path.join(tmpdir(), 'vneid-e2e-'));
  const port = await freePorts(3);
  const server = new Server(['demo', '--ephemeral', '--port', String(port)], directory);
  const issuer = `http://localhost:${port}`;
  const portal = `http://localhost:${port + 1}`;
  await server.untilReady([`${issuer}/healthz`, `${portal}/`]);
  return { issuer, portal, citizens: citizensOf(server.output), stop: () => server.stop() };
}

/**
 * Serves a provider on a SQLite file. `clients` are registrations in TOML; `citizens` are records in
 * TOML by name, and come back with the password and, if they asked for one, the authenticator they
 * were given. `settings` are further lines of the configuration; `prepare` is called with `vneid` and
 * the directory before anything is served.
 */
export async function startProvider({ clients, citizens, settings = '', prepare = async () => {} }) {
  const directory = await mkdtemp(path.join(tmpdir(), 'vneid-e2e-'));
  const port = await freePorts(1);
  const issuer = `http://localhost:${port}`;
  await writeFile(path.join(directory, 'vneid.toml'), configuration(issuer, port, settings));
  const vneid = (...args) => command(['--config', 'vneid.toml', ...args], directory);
  await prepare(vneid, directory);
  await vneid('migrate');
  for (const toml of clients) {
    await writeFile(path.join(directory, 'client.toml'), toml);
    await vneid('client', 'register', 'client.toml');
  }
  const created = {};
  for (const [name, { toml, ...known }] of Object.entries(citizens)) {
    await writeFile(path.join(directory, 'citizen.toml'), toml);
    const said = await vneid('citizen', 'create', 'citizen.toml');
    const secret = said.match(/authenticator.*: (\S+)/)?.[1];
    created[name] = {
      ...known,
      password: said.match(/password.*: (\S+)/)[1],
      authenticator: secret && new Authenticator(secret),
    };
  }
  const server = new Server(['--config', 'vneid.toml', 'serve'], directory);
  await server.untilReady([`${issuer}/healthz`]);
  return { issuer, citizens: created, vneid, stop: () => server.stop() };
}

function configuration(issuer, port, settings) {
  const key = () => `"${randomBytes(32).toString('hex')}"`;
  return `
issuer = "${issuer}"
environment = "development"
listen = "127.0.0.1:${port}"
storage.sqlite = "vneid.sqlite"
${settings}
[keys]
key_encryption_key = ${key()}
personal_data_key = ${key()}
index_key = ${key()}
pairwise_key = ${key()}
`;
}

/** Runs one command to its end and answers what it printed. */
async function command(args, cwd) {
  const { stdout } = await promisify(execFile)(BINARY, args, { cwd, env: environment() });
  return stdout;
}

/** Ours without the test's own settings, which the binary would refuse as unknown. */
function environment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('VNEID_')),
  );
}

/** A child process of the binary, with what it printed kept for failures. */
export class Server {
  #child;
  #directory;
  #output = '';
  #ended;

  constructor(args, directory) {
    this.#directory = directory;
    this.#child = spawn(BINARY, args, {
      cwd: directory,
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#ended = once(this.#child, 'exit');
    this.#ended.catch(() => {}); // a binary that cannot be started is reported by untilReady
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (this.#output += text));
    }
  }

  get output() {
    return this.#output;
  }

  /** Waits until every address answers 200; a process that ends first is a failure with its output. */
  async untilReady(addresses, seconds = 60) {
    const deadline = Date.now() + seconds * 1000;
    for (const address of addresses) {
      while (!(await answers(address))) {
        const ended = this.#child.exitCode !== null || this.#child.pid === undefined;
        if (ended || Date.now() > deadline) {
          await this.stop();
          const fate = ended ? `ended with ${this.#child.exitCode}` : `is silent after ${seconds} s`;
          throw new Error(`${BINARY} ${fate} (waiting for ${address}):\n${this.#output}`);
        }
        await pause(50);
      }
    }
  }

  /** Ctrl-C, as an operator would, then throws the directory away. Answers the exit code. */
  async stop() {
    let code = this.#child.exitCode;
    if (code === null && this.#child.pid !== undefined) {
      this.#child.kill('SIGINT');
      const late = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
      [code] = await this.#ended;
      clearTimeout(late);
    }
    await rm(this.#directory, { recursive: true, force: true });
    return code;
  }
}

async function answers(address) {
  try {
    const response = await fetch(address, { redirect: 'manual' });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** The first of `count` neighbouring ports that nobody listens on. */
export async function freePorts(count) {
  for (;;) {
    // Below the ephemeral range, so that no outgoing connection takes one in the meantime.
    const first = 20_000 + Math.floor(Math.random() * 10_000);
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

async function isFree(port) {
  const listener = createServer();
  try {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    listener.close();
  }
}
