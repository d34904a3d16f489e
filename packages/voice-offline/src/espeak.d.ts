declare module '@echogarden/espeak-ng-emscripten' {
  interface EspeakWorker {
    get_samplerate(): number;
    /** Words a minute, 80 to 450. */
    set_rate(wordsPerMinute: number): void;
    /** 0 when there is such a voice. */
    set_voice(name: string): number;
    /** Calls back with pieces of PCM until the text is spoken; true from the callback stops it. */
    synthesize(text: string, onPiece: (pcm: Int16Array | null) => boolean): void;
  }
  interface EspeakModule {
    readonly eSpeakNGWorker: new () => EspeakWorker | Promise<EspeakWorker>;
  }
  export default function load(): Promise<EspeakModule>;
}
