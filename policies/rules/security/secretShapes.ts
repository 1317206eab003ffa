/** Ways in which a text gives itself away as a secret. Each function answers with what it saw, never with the text. */

/** Last words of names under which secrets are kept: DB_PASSWORD, secretKey, requirepass. A count or a path beside them is none. */
const secretName =
  /(password|passwd|passphrase|requirepass|masterauth|auth_pass|secret|secret_?id|token|api_?keys?|(access|secret|private|encryption|signing|cipher|server|account|inner|daemon|allowed)_?keys?|_key|credentials?|cipher_pass)$/;
/** Keys that all may know, and etcd's name for a cluster. */
const publicName = /((public|host|partition|sort|primary|foreign|routing|cache)_?keys?|initial_cluster_token)$/;

/** Does a variable or an entry called so hold a secret? */
export function namesSecret(name: string): boolean {
  const words = name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replaceAll(/[-.]/g, "_")
    .toLowerCase();
  return secretName.test(words) && !publicName.test(words);
}

/** What stands where a secret would but is none: nothing, a reference, a path, a switch, a placeholder. */
export function isHarmless(value: string): boolean {
  const bare = value.trim().replaceAll(/^["']|["'],?;?$/g, "");
  return (
    bare === "" ||
    /^(true|false|yes|no|on|off|null|none|~)$/i.test(bare) ||
    /^(\$|%\(|\{\{|<|\/)/.test(bare) ||
    /^file:/.test(bare)
  );
}

/** User and password within an address; a reference in place of the password is fine. */
const credentialsInUrl = /\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*:(?![${%<])[^\s/@"']+@/i;
const privateKey = /-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY-----/;
/** Written by the test's golden lists, and by `pulumi policy analyze` where it cannot decrypt. */
const sealedByPulumi = "[secret]";

/** Long runs of letters and digits, without the checksums and certificates that look alike. */
function runs(text: string): string[] {
  const rest = text
    .replaceAll(/-----BEGIN (CERTIFICATE|PUBLIC KEY)[^-]*-----[\s\S]*?-----END \1[^-]*-----/g, "")
    .replaceAll(/\bsha(256|512)[:-][0-9a-zA-Z+/=]+/g, "");
  return rest.match(/[A-Za-z0-9+/]{20,}={0,2}/g) ?? [];
}

/** How often neighbours are of different sorts (small, capital, digit), from 0 to 1: about 0.6 in random text, below 0.3 in words. */
function restlessness(run: string): number {
  const sort = (c: string) => (/[a-z]/.test(c) ? "a" : /[A-Z]/.test(c) ? "A" : /\d/.test(c) ? "0" : "+");
  const changes = [...run].filter((c, i) => i > 0 && sort(c) !== sort(run[i - 1] as string)).length;
  return changes / (run.length - 1);
}

/** Random text as generators of passwords and keys make it: letters and digits at random, or 32 digits of hexadecimal and more. */
function isRandom(run: string): boolean {
  if (/^[0-9a-f]+$/i.test(run)) return run.length >= 32 && /\d/.test(run) && /[a-f]/i.test(run);
  const sorts = [/[a-z]/, /[A-Z]/, /\d/].filter((sort) => sort.test(run)).length;
  return sorts === 3 && restlessness(run) > 0.4;
}

/** What gives a text away as secret whatever it is called; undefined when nothing does. */
export function secretIn(text: string): string | undefined {
  if (text.includes(sealedByPulumi)) return "a value that Pulumi keeps secret";
  if (privateKey.test(text)) return "a private key";
  if (credentialsInUrl.test(text)) return "an address with a password";
  return runs(text).some(isRandom) ? "a random text such as a password or key" : undefined;
}
