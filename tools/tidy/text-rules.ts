import { isTestFile, type SourceFile } from "./sources.ts";

const MAX_FILE_LINES = 400;

interface Ban {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Paths where it is allowed. */
  readonly except: RegExp;
  /** Allowed in tests as well. */
  readonly tests?: true;
}

const BANS: readonly Ban[] = [
  {
    pattern: /\bprocess\.exit\(/,
    instead: "return an exit code to main.ts, so that spans and writes are not lost",
    except: /(^|\/)main\.ts$|^tools\/|worker\.ts$|(^|\/)build\.ts$|lifecycle\.ts$/,
    tests: true,
  },
  {
    pattern: /\bconsole\.\w+\(/,
    instead: "a Logger, or the command line's output",
    except: /^apps\/|^tools\/|^packages\/testkit\//,
    tests: true,
  },
  { pattern: /\bAsyncLocalStorage\b/, instead: "pass the span as a parameter", except: /^tools\// },
  {
    pattern: /\bfs\.writeFile|\bwriteFileSync\(|[^.]\bwriteFile\(/,
    instead: "writeDurably of @ais/base/durable-write.ts",
    except: /^tools\/|build\.ts$|testkit/,
    tests: true,
  },
  { pattern: /@ts-(ignore|expect-error|nocheck)/, instead: "the right type", except: /^tools\/tidy\// },
  { pattern: /\b(TODO|FIXME|XXX|HACK)\b/, instead: "an issue, or the work itself", except: /^tools\/tidy\// },
  {
    pattern: /^\s*(?:export\s+)?(?:const\s+)?enum\s/m,
    instead: "a union of literals",
    except: /^tools\/tidy\//,
  },
  { pattern: /export \* from/, instead: "imports from the file itself (no barrels)", except: /^$/ },
];

export function textProblems(files: readonly SourceFile[]): readonly string[] {
  return files.flatMap((file) => [...sizeProblems(file), ...banProblems(file), ...nameProblems(file)]);
}

function sizeProblems(file: SourceFile): readonly string[] {
  return file.lineCount > MAX_FILE_LINES
    ? [`${file.path} has ${file.lineCount} lines, wanted ${MAX_FILE_LINES}`]
    : [];
}

function banProblems(file: SourceFile): readonly string[] {
  return BANS.filter((ban) => !ban.except.test(file.path) && !(ban.tests && isTestFile(file.path)))
    .filter((ban) => ban.pattern.test(file.text))
    .map((ban) => `${file.path} has ${ban.pattern.source}; instead: ${ban.instead}`);
}

function nameProblems(file: SourceFile): readonly string[] {
  const name = file.path.split("/").at(-1) ?? "";
  const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|case-suite|fixture))?\.ts$/.test(name);
  return kebab || isTestFile(file.path) ? [] : [`${file.path} is not named in kebab-case`];
}
