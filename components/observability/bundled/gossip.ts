import { stringify } from "yaml";

/**
 * How Alertmanagers take each other (--cluster.tls-config): both sides show a certificate of the stack's authority. Addresses of pods stand in none, so each
 * asks for the name that all have.
 * @param folder With ca.crt, tls.crt and tls.key.
 */
export function gossipYaml(folder: string, serverName: string): string {
  const own = { cert_file: `${folder}/tls.crt`, key_file: `${folder}/tls.key` };
  const authority = `${folder}/ca.crt`;
  return stringify({
    tls_server_config: { ...own, client_auth_type: "RequireAndVerifyClientCert", client_ca_file: authority },
    tls_client_config: { ...own, ca_file: authority, server_name: serverName },
  });
}
