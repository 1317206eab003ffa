import { Credentials } from "../../../components/credentials.ts";
import { Offsite } from "../../../components/offsite/offsite.ts";
import { stackSettings } from "../../../config/stack.ts";

const { cluster, offsite } = stackSettings();
const credentials = new Credentials("credentials", { protect: cluster.protect });
new Offsite("offsite", { cluster, settings: offsite, credentials });
