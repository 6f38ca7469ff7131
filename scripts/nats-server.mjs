// Finds a nats-server, or gets one: `node scripts/nats-server.mjs [--release NAME]` prints its path. Plain JavaScript on Node
// alone. In this order: NATS_SERVER_BIN, PATH, /usr/sbin, what was fetched before, Debian's package. The package is unpacked
// into node_modules/.cache/weir; nothing of the system is changed, and no rights are needed. With a release of Debian
// (bookworm, trixie, sid), that release's package, from the mirror that this system's own apt is set up with.
import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const exec = promisify(execFile);
const cache = fileURLToPath(new URL('../node_modules/.cache/weir', import.meta.url));
const fetchMsMax = 180_000;
const aptDirectory = '/etc/apt';

/** Of Debian: with 2.9, 2.10, and the newest. */
export const allReleases = ['bookworm', 'trixie', 'sid'];

const waysOut = [
  'Ways to get one:',
  '  apt-get install nats-server          (Debian, Ubuntu; brew install nats-server on macOS)',
  '  the official releases of nats-server: unpack one, and put it on PATH or name it in NATS_SERVER_BIN',
  'Or set WEIR_SKIP_NATS=1 to run the tests without those that need it.',
].join('\n');

const isProgram = (path) =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** @returns `2.10.27` */
export async function natsServerVersion(path) {
  const { stdout } = await exec(path, ['--version']);
  const version = /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1];
  if (version === undefined) throw new Error(`${path} --version says ${JSON.stringify(stdout)}`);
  return version;
}

/**
 * @param {{ release?: string }} [options] a release of Debian, whose server is wanted whatever else is there
 * @returns {Promise<string>} the path of a nats-server
 */
export async function findNatsServer({ release } = {}) {
  const installed = release === undefined ? await installedServer() : undefined;
  if (installed !== undefined) return installed;
  const wanted = release ?? (await systemRelease());
  return (await fetched(wanted)) ?? (await fetchPackage(wanted));
}

async function installedServer() {
  const named = process.env.NATS_SERVER_BIN ?? '';
  if (named !== '') {
    if (await isProgram(named)) return resolve(named);
    throw new Error(`NATS_SERVER_BIN names ${named}, which is no program.\n${waysOut}`);
  }
  const folders = [...(process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== ''), '/usr/sbin'];
  for (const folder of folders) {
    const path = join(folder, 'nats-server');
    if (await isProgram(path)) return path;
  }
  return undefined;
}

/** What this system calls itself; a name for the cache where it has none. */
async function systemRelease() {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^VERSION_CODENAME="?(\w+)/m.exec(text)?.[1] ?? 'here';
}

/** The link of a release leads to the server that it had when it was fetched. */
async function fetched(release) {
  const path = await realpath(join(cache, `nats-server-${release}`)).catch(() => undefined);
  return path !== undefined && (await isProgram(path)) ? path : undefined;
}

async function fetchPackage(release) {
  const work = await mkdtemp(join(tmpdir(), 'weir-nats-server-'));
  try {
    process.stderr.write(`fetching nats-server (Debian's package, ${release}) …\n`);
    return await keep(await unpack(await download(work, release), work), release);
  } catch (error) {
    const said = String(error.stderr ?? '').trim() || error.message;
    throw new Error(`there is no nats-server here, and none could be fetched: ${said}\n${waysOut}`, { cause: error });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Every directory that apt writes to is ours. */
async function aptOptions(work, release) {
  const own = { 'Dir::Cache': join(work, 'cache'), 'Dir::Log': join(work, 'log') };
  for (const folder of ['cache/archives/partial', 'lists/partial', 'log', 'sources']) {
    await mkdir(join(work, folder), { recursive: true });
  }
  if (release !== (await systemRelease())) {
    own['Dir::Etc::sourcelist'] = '/dev/null';
    own['Dir::Etc::sourceparts'] = await sourcesOf(release, join(work, 'sources'));
    own['Dir::State::lists'] = join(work, 'lists');
  }
  return {
    ...own,
    'APT::Sandbox::User': 'root', // else apt warns that its own user cannot write to our directory
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled': 'false',
    'Acquire::Retries': '2',
    'Acquire::http::Timeout': '30',
  };
}

/** @returns the path of the package */
async function download(work, release) {
  const options = await aptOptions(work, release);
  const apt = (settings, ...words) =>
    exec('apt-get', [...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]), ...words], {
      cwd: work,
      timeout: fetchMsMax,
      env: { ...process.env, LC_ALL: 'C' },
    });
  const hasLists = options['Dir::State::lists'] === undefined;
  const atOnce = hasLists && (await apt(options, 'download', 'nats-server').catch(() => undefined)) !== undefined;
  if (!atOnce) {
    const fresh = { ...options, 'Dir::State::lists': join(work, 'lists') }; // the system's are missing, or too old
    await apt(fresh, 'update');
    await apt(fresh, 'download', 'nats-server');
  }
  const name = (await readdir(work)).find((file) => file.endsWith('.deb'));
  if (name === undefined) throw new Error('apt-get download left no package');
  return join(work, name);
}

async function unpack(archive, work) {
  const tree = join(work, 'tree');
  await exec('dpkg-deb', ['-x', archive, tree]);
  return join(tree, 'usr/sbin/nats-server');
}

/** Into the cache under its version; several may do so at once. */
async function keep(program, release) {
  const name = `nats-server-${await natsServerVersion(program)}`;
  const path = join(cache, name);
  await mkdir(cache, { recursive: true });
  const arriving = `${path}.${process.pid}`;
  await writeFile(arriving, await readFile(program), { mode: 0o755 });
  await rename(arriving, path);
  const link = join(cache, `nats-server-${release}`);
  await symlink(name, `${link}.${process.pid}`);
  await rename(`${link}.${process.pid}`, link);
  return path;
}

/** The system's own entries of its distribution, for another release of it; keys and mirror stay. */
async function sourcesOf(release, directory) {
  const own = await systemRelease();
  const parts = await readdir(join(aptDirectory, 'sources.list.d')).catch(() => []);
  const files = ['sources.list', ...parts.map((name) => join('sources.list.d', name))];
  let found = 0;
  for (const file of files.filter((name) => /\.(list|sources)$/.test(name))) {
    const text = await readFile(join(aptDirectory, file), 'utf8').catch(() => '');
    const entries = file.endsWith('.list') ? inLines(text, own, release) : inStanzas(text, own, release);
    if (entries.length === 0) continue;
    await writeFile(join(directory, basename(file)), entries.join(file.endsWith('.list') ? '\n' : '\n\n').concat('\n'));
    found += entries.length;
  }
  if (found === 0) throw new Error(`apt's sources here have no entry for ${own} whose mirror could have ${release}`);
  return directory;
}

/** Entries such as `deb [signed-by=…] URI bookworm main`. */
function inLines(text, own, release) {
  const entry = new RegExp(`^(deb\\s+(?:\\[[^\\]]*\\]\\s+)?\\S+\\s+)${own}(\\s.*)$`);
  return text.split('\n').flatMap((line) => {
    const match = entry.exec(line);
    return match === null ? [] : [`${match[1]}${release}${match[2]}`];
  });
}

/** Stanzas with `Types:`, `URIs:`, `Suites:`, `Components:`, `Signed-By:`. */
function inStanzas(text, own, release) {
  const suites = new RegExp(`^Suites:(?:.*\\s)?${own}(?:\\s.*)?$`, 'm');
  const stanzas = text.split(/\n\s*\n/).filter((stanza) => suites.test(stanza));
  return stanzas.map((stanza) => stanza.replace(/^Suites:.*$/m, `Suites: ${release}`).trim());
}

if (process.argv[1] !== undefined && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url)) {
  const [flag, release] = process.argv.slice(2);
  if (flag !== undefined && (flag !== '--release' || release === undefined)) {
    console.error('usage: node scripts/nats-server.mjs [--release bookworm|trixie|sid]');
    process.exit(2);
  }
  try {
    console.log(await findNatsServer({ release }));
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}
