import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readWav, writeWav } from '../wav/index.ts';
import type { BaresipOptions } from './run-baresip.ts';

/** Where Debian keeps the modules. */
const MODULE_PATH = '/usr/lib/baresip/modules';

/** Writes baresip's configuration into a folder of its own; its console listens on `keysPort`. */
export async function configure(folder: string, options: BaresipOptions, keysPort: number): Promise<void> {
  const source = join(folder, 'say.wav');
  await writePadded(source, options);
  const lines = [
    'sip_listen 127.0.0.1:0',
    ...(options.caFile === undefined ? [] : [`sip_cafile ${options.caFile}`]),
    `cons_listen 127.0.0.1:${keysPort}`,
    `module_path ${MODULE_PATH}`,
    'module g711.so',
    'module aufile.so',
    'module sndfile.so',
    'module cons.so',
    ...(options.srtp === 'required' ? ['module srtp.so'] : []),
    'module_tmp account.so',
    'module_app menu.so',
    `audio_source aufile,${source}`,
    `audio_player aufile,${join(folder, 'unused.wav')}`,
    `audio_alert aufile,${join(folder, 'unused.wav')}`,
    `snd_path ${options.record}`,
    'ausrc_format s16',
    'auplay_format s16',
  ];
  await writeFile(join(folder, 'config'), `${lines.join('\n')}\n`);
  const account = [
    `<sip:${options.from ?? '+14155550100'}@127.0.0.1>`,
    'regint=0',
    'audio_codecs=PCMU/8000/1,PCMA/8000/1',
    ...(options.srtp === 'required' ? ['mediaenc=srtp-mand'] : []),
    ...(options.password === undefined ? [] : [`auth_pass=${options.password}`]),
    ...(options.proxy === undefined ? [] : [`outbound="${options.proxy}"`]),
  ];
  await writeFile(join(folder, 'accounts'), `${account.join(';')}\n`);
  await writeFile(join(folder, 'contacts'), '');
}

// baresip hangs up at the end of its source file, so what it says is followed by silence for as long as it runs.
async function writePadded(path: string, options: BaresipOptions): Promise<void> {
  const played = options.play === undefined ? { rate: 8_000, samples: new Int16Array(0) } : await readWav(options.play);
  const samples = new Int16Array(played.samples.length + Math.ceil((options.forMs / 1_000 + 5) * played.rate));
  samples.set(played.samples);
  await writeWav(path, { rate: played.rate, samples });
}
