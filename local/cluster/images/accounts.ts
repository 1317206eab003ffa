/** An account of an image: a group of the same name and number belongs to it. */
export interface Account {
  readonly name: string;
  readonly id: number;
}

export const homeOf = ({ name }: Account): string => `/home/${name}`;

/** A file /etc/passwd with the accounts in it. Those of the distribution that have the name or number of one of them give way. */
export function withAccounts(passwd: string, accounts: readonly Account[]): string {
  const lines = accounts.map((account) => `${account.name}:x:${account.id}:${account.id}::${homeOf(account)}:/bin/sh`);
  return replaced(passwd, accounts, lines);
}

/** The same for the accounts' groups and /etc/group. */
export function withGroups(group: string, accounts: readonly Account[]): string {
  return replaced(
    group,
    accounts,
    accounts.map(({ name, id }) => `${name}:x:${id}:`),
  );
}

function replaced(file: string, accounts: readonly Account[], lines: readonly string[]): string {
  const kept = file.split("\n").filter((line) => {
    const [name, , id] = line.split(":");
    return line !== "" && !accounts.some((account) => account.name === name || `${account.id}` === id);
  });
  return `${[...kept, ...lines].join("\n")}\n`;
}
