import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";

/**
 * How programs ask for the time: by functions that the kernel maps into each process (vdso(7)). A time namespace cannot move the time of day, so
 * their first bytes are replaced, in one process, by a jump to code that asks the kernel and adds seconds. Works for C, Python and Go alike.
 * For x86-64, whose calling convention and system calls stand below.
 */
export interface Clock {
  /** Whether it has been stepped before. */
  readonly replaced: boolean;
  /** Makes the process see a time of day that is so many seconds ahead; 0 sets it right. */
  step(seconds: number): void;
}

/** What replaces a function: code before the seconds, a 32-bit number, and code after it. */
interface Replacement {
  readonly symbol: string;
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const replacements: readonly Replacement[] = [
  {
    // mov eax,228; syscall; if it failed, or the clock (edi) is none of CLOCK_REALTIME and CLOCK_REALTIME_COARSE: ret; add qword [rsi],SECONDS; ret
    symbol: "__vdso_clock_gettime",
    before: [
      ...[0xb8, 228, 0, 0, 0, 0x0f, 0x05, 0x85, 0xc0, 0x75, 0x10, 0x85, 0xff, 0x74, 0x05, 0x83, 0xff, 0x05, 0x75, 0x07],
      ...[0x48, 0x81, 0x06],
    ],
    after: [0xc3],
  },
  {
    // mov eax,96; syscall; if rdi: add qword [rdi],SECONDS; ret
    symbol: "__vdso_gettimeofday",
    before: [0xb8, 96, 0, 0, 0, 0x0f, 0x05, 0x48, 0x85, 0xff, 0x74, 0x07, 0x48, 0x81, 0x07],
    after: [0xc3],
  },
  {
    // mov eax,201; syscall; add rax,SECONDS; if rdi: mov [rdi],rax; ret
    symbol: "__vdso_time",
    before: [0xb8, 201, 0, 0, 0, 0x0f, 0x05, 0x48, 0x05],
    after: [0x48, 0x85, 0xff, 0x74, 0x03, 0x48, 0x89, 0x07, 0xc3],
  },
];

/** Space for one replacement. */
const slot = 64;

/** The clock of a process; none when it is about to end. Nothing is changed yet. @throws when it has ended. */
export function clockOf(pid: number): Clock | undefined {
  const mapped = mapping(pid);
  if (!mapped) return undefined;
  const { address, length } = mapped;
  const image = withMemory(pid, "r", (memory) => {
    const bytes = Buffer.alloc(length);
    readSync(memory, bytes, 0, length, address);
    return bytes;
  });
  const symbols = symbolsOf(image);
  const functions = replacements.map((replacement, i) => {
    const entry = symbols.get(replacement.symbol);
    if (entry === undefined) throw new Error(`The vDSO of ${pid} has no ${replacement.symbol}.`);
    // The end of its last page, which is not used.
    const at = length - slot * (replacements.length - i);
    const jump = Buffer.from([0xe9, 0, 0, 0, 0]);
    jump.writeInt32LE(at - (entry + jump.length), 1);
    return { ...replacement, entry, at, jump };
  });
  const replaced = functions.every(({ entry, jump }) => image.subarray(entry, entry + jump.length).equals(jump));
  const free = image.subarray(length - slot * replacements.length);
  if (!replaced && !free.every((byte) => byte === 0)) throw new Error(`There is no space in the vDSO of ${pid}.`);
  return {
    replaced,
    step(seconds) {
      // Nobody may be executing what is written.
      process.kill(pid, "SIGSTOP");
      try {
        withMemory(pid, "r+", (memory) => {
          for (const { before, after, at, entry, jump } of functions) {
            const code = Buffer.from([...before, 0, 0, 0, 0, ...after]);
            code.writeInt32LE(seconds, before.length);
            writeSync(memory, code, 0, code.length, address + at);
            writeSync(memory, jump, 0, jump.length, address + entry);
          }
        });
      } finally {
        process.kill(pid, "SIGCONT");
      }
    },
  };
}

function mapping(pid: number): { readonly address: number; readonly length: number } | undefined {
  const line = /^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$/m.exec(readFileSync(`/proc/${pid}/maps`, "utf8"));
  if (!line) return undefined;
  const [begin, end] = [Number.parseInt(line[1] ?? "", 16), Number.parseInt(line[2] ?? "", 16)];
  return { address: begin, length: end - begin };
}

function withMemory<T>(pid: number, flags: "r" | "r+", use: (memory: number) => T): T {
  const memory = openSync(`/proc/${pid}/mem`, flags);
  try {
    return use(memory);
  } finally {
    closeSync(memory);
  }
}

/** Section types of ELF (elf(5)), and sizes of its records for 64 bits. */
const elf = { dynamicSymbols: 11, sectionHeader: 0x28, sectionCount: 0x3c, headerSize: 64, symbolSize: 24 } as const;

/** Offset of each dynamic symbol. */
function symbolsOf(image: Buffer): Map<string, number> {
  const headers = Number(image.readBigUInt64LE(elf.sectionHeader));
  const sections = Array.from({ length: image.readUInt16LE(elf.sectionCount) }, (_, i) => {
    const at = headers + i * elf.headerSize;
    return {
      type: image.readUInt32LE(at + 4),
      offset: Number(image.readBigUInt64LE(at + 24)),
      size: Number(image.readBigUInt64LE(at + 32)),
      link: image.readUInt32LE(at + 40),
    };
  });
  const table = sections.find(({ type }) => type === elf.dynamicSymbols);
  const names = table && sections[table.link];
  if (!table || !names) throw new Error("The vDSO has no dynamic symbols.");
  const count = table.size / elf.symbolSize;
  return new Map(
    Array.from({ length: count }, (_, i) => {
      const at = table.offset + i * elf.symbolSize;
      const name = names.offset + image.readUInt32LE(at);
      return [image.toString("latin1", name, image.indexOf(0, name)), Number(image.readBigUInt64LE(at + 8))];
    }),
  );
}
