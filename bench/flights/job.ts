// The main job, without the report that it prints in the end.
export { default } from '../../examples/flight-delays.ts';
