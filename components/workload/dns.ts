/**
 * How pods ask for names. A name server that is gone with its node takes its share of all questions in silence, for the 40 s and more until its
 * node counts as not ready: so the next try, which may reach another one, comes after a second and not after five, and there are five and
 * not two. Our names are whole: asked for as they are, and not first in each of the three domains that Kubernetes lets pods search.
 */
export const dnsConfig = {
  options: [
    { name: "ndots", value: "2" },
    { name: "timeout", value: "1" },
    { name: "attempts", value: "5" },
  ],
};
