/** Knowledge bases: what they are read from, and how. */
export { Form, type UploadedFile } from './form.ts';
export { createLibrary, type GivenKnowledge, type Library, type LibraryDeps, type Taken } from './library.ts';
