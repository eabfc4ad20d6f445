// SPDX-License-Identifier: MIT
// What a rule may look at where the series applies to no commit: its own pre-images, by blob id, laid over the branch. Files whose pre-image is
// not known (a mere rename or mode names none, and is taken from the branch), or whose post-image is not the one the mail names, are left out rather than guessed.
import type { Change, ChangedFile } from '../model/change.ts';
import type { FileDiff, Series } from '../model/series.ts';
import { land, type Landing } from './am.ts';
import type { CatFile } from './cat-file.ts';
import { loadChange } from './change.ts';
import { copyBlobs } from './copies.ts';
import { gitText } from './git.ts';
import { preImages, type PreImage } from './pre-images.ts';
import type { Store } from './store.ts';
import { openWorkTree } from './work-tree.ts';

/** So many files may turn out not to apply one after the other. */
const MAX_TRIES = 8;

/** What git would take into an index: no empty, `.`, `..` or `.git` part. */
const IN_TREE = /^(?!.*(?:^|\/)(?:\.{1,2}|\.git)?(?:\/|$))[^\0]+$/is;

/** `over`: the commit that lends every other file. undefined where no file of the series can be known. */
export async function loadChangeFromBlobs(
  store: Store,
  ask: CatFile,
  job: { readonly series: Series; readonly over: string; readonly contextPaths: readonly string[] },
): Promise<Change | undefined> {
  const { series, over, contextPaths } = job;
  const known: { image: PreImage; id: string }[] = [];
  const unknown: string[] = [];
  for (const image of preImages(series)) {
    const blob = image.blob === 'any' || image.blob === 'absent' ? undefined : await ask.info(image.blob);
    if (!IN_TREE.test(image.path)) unknown.push(image.path);
    else if (image.blob === 'absent') known.push({ image, id: '' });
    else if (image.blob === 'any' && (await ask.info(`${over}:${image.path}`))?.type === 'blob') continue;
    else if (blob?.type === 'blob') known.push({ image, id: blob.id });
    else unknown.push(image.path);
  }
  const exclude = new Set(withRenames(series, unknown));
  const files = series.patches.flatMap(patch => patch.files);
  if (files.every(file => exclude.has(file.path))) return undefined;
  const base = await commitImages(store, ask, { over, known: known.filter(one => !exclude.has(one.image.path)) });
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (files.every(file => exclude.has(file.path))) return undefined;
    const commits: Landing['commits'] = [];
    const { refused } = await land(store, series.patches, { base, commits, exclude: [...exclude] });
    if (refused !== undefined) {
      const failed = /^error: (?:patch failed: )?(.+?)(?::\d+$|: .*$)/m.exec(refused.result.stderr)?.[1];
      const paths = refused.patch.files.filter(file => file.path === failed || file.oldPath === failed);
      const added = withRenames(
        series,
        paths.length > 0 ? paths.map(file => file.path) : refused.patch.files.map(file => file.path),
      );
      for (const path of added) exclude.add(path);
      continue;
    }
    const ids = commits.map(one => one.commit);
    const change = await loadChange(store, ask, { series, base, commits: ids, contextPaths, released: over });
    return onlyTrue(change);
  }
  return undefined;
}

/** With a file that is left out go the names it had or gets in the series. */
function withRenames(series: Series, paths: readonly string[]): string[] {
  const out = new Set(paths);
  for (let before = -1; before !== out.size;) {
    before = out.size;
    for (const file of series.patches.flatMap(patch => patch.files)) {
      if (file.oldPath === undefined || (!out.has(file.path) && !out.has(file.oldPath))) continue;
      out.add(file.path).add(file.oldPath);
    }
  }
  return [...out];
}

/** A commit of `over`'s files with the known pre-images in their places. Its id depends on nothing else. */
async function commitImages(
  store: Store,
  ask: CatFile,
  job: { readonly over: string; readonly known: readonly { image: PreImage; id: string }[] },
): Promise<string> {
  await copyBlobs(store, [...new Set(job.known.flatMap(one => (one.id === '' ? [] : [one.id])))]);
  await using tree = await openWorkTree(store, job.over);
  const zero = '0'.repeat(job.over.length);
  const entries = job.known.map(({ image, id }) =>
    id === '' ? `0 ${zero}\t${image.path}\0` : `${image.mode ?? '100644'} ${id}\t${image.path}\0`,
  );
  if (entries.length > 0)
    await gitText(tree, ['update-index', '-z', '--replace', '--index-info'], { input: entries.join('') });
  const made = await gitText(tree, ['write-tree']);
  const dates = { GIT_AUTHOR_DATE: '2000-01-01T00:00:00Z', GIT_COMMITTER_DATE: '2000-01-01T00:00:00Z' };
  const commit = await gitText(tree, ['commit-tree', made, '-p', job.over, '-m', 'pre-images'], { env: dates });
  return (await ask.info(commit))?.id ?? commit;
}

/** Without the files of which some step's result is not what the mail says it is. */
function onlyTrue(change: Omit<Change, 'baseCommit'>): Change | undefined {
  const doubtful = new Set<string>();
  for (const step of change.patches) {
    const patch = change.series.patches.find(one => one.index === step.patch);
    for (const file of step.files) {
      const sent = patch?.files.find(one => one.path === file.path);
      if (!agrees(sent, file)) doubtful.add(file.path);
    }
  }
  const kept = (files: readonly ChangedFile[]): ChangedFile[] => files.filter(file => !doubtful.has(file.path));
  const files = kept(change.files);
  if (files.length === 0) return undefined;
  return { ...change, baseCommit: '', files, patches: change.patches.map(one => ({ ...one, files: kept(one.files) })) };
}

/** `asMailed` in change.ts puts the mail's own diff where both blobs are the ones it names; a pure rename names none. */
function agrees(sent: FileDiff | undefined, file: ChangedFile): boolean {
  return sent !== undefined && (sent === file.diff || (sent.preBlob === undefined && sent.hunks.length === 0));
}
