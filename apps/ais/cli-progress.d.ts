/** The part of cli-progress that is used here; the package has no types of its own. */
declare module "cli-progress" {
  export interface SingleBar {
    setTotal(total: number): void;
    update(value: number, payload?: Readonly<Record<string, string>>): void;
  }

  export class MultiBar {
    constructor(options: {
      readonly format: string;
      readonly barCompleteChar: string;
      readonly barIncompleteChar: string;
      readonly barsize: number;
      readonly hideCursor: boolean;
      readonly clearOnComplete: boolean;
      readonly stream: NodeJS.WritableStream;
      readonly fps: number;
    });
    create(total: number, startValue: number, payload: Readonly<Record<string, string>>): SingleBar;
    stop(): void;
  }

  const cliProgress: { readonly MultiBar: typeof MultiBar };
  export default cliProgress;
}
