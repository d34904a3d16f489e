/**
 * Nothing to import: this package is a program, `src/main.ts`, to be started as a process of its own. The entry
 * point exists so that a host can find the folder; importing GPL code into Apache-2.0 code is what it avoids.
 */
export {};
