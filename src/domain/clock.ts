/** The present moment, as an argument: the system's in `main` and `cli`, a movable one in tests. */
export type Clock = () => Date;
