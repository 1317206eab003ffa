/**
 * Addresses that are not on the internet: this host, private and shared networks, link-local with the clouds' metadata, multicast,
 * reserved (IANA's special-purpose registries). Nobody reaches them by asking for the internet.
 */
export const privateRanges = {
  v4: [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/4",
    "240.0.0.0/4",
  ],
  v6: ["::/128", "::1/128", "64:ff9b::/96", "fc00::/7", "fe80::/10", "ff00::/8"],
} as const;
