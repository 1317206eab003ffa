// The certificate library needs it before anything of its own is loaded.
import "reflect-metadata";
import { servePlugin } from "../protocol/serve.ts";
import { tablePlugin } from "../protocol/table.ts";
import { valueResource } from "../protocol/valueResource.ts";
import { certRequest } from "./certRequest.ts";
import { locallySigned, selfSigned } from "./certificate.ts";
import { privateKey } from "./privateKey.ts";

await servePlugin(
  tablePlugin("tls", {
    "tls:index/privateKey:PrivateKey": valueResource(privateKey),
    "tls:index/certRequest:CertRequest": valueResource(certRequest),
    "tls:index/selfSignedCert:SelfSignedCert": valueResource(selfSigned),
    "tls:index/locallySignedCert:LocallySignedCert": valueResource(locallySigned),
  }),
);
