/**
 * How pods ask for names. A name server that is gone with its node takes its share of all questions in silence, for the 40 s and more until
 * its node counts as not ready. All tries of one lookup come from one port (seen with glibc 2.41), so they all go to the same server: a lookup
 * that meets the dead one is given up after two seconds, not ten, and whoever asks again may be luckier. Our names are whole: asked for
 * as they are, and not first in each of the three domains that Kubernetes lets pods search.
 */
export const dnsConfig = {
  options: [
    { name: "ndots", value: "2" },
    { name: "timeout", value: "1" },
    { name: "attempts", value: "2" },
  ],
};
