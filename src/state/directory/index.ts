export { openDirectoryBlobs } from './directory-blobs.ts';
