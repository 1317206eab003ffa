import type { Bucket } from "../../objectStore/bucket.ts";
import { isRecordId } from "../record.ts";
import type { Place } from "./place.ts";

const folder = "records/";
const suffix = ".json";

/** Records in a bucket, an object each: records/ID.json. */
export function bucketPlace(name: string, bucket: Bucket): Place {
  const keyOf = (id: string) => `${folder}${id}${suffix}`;
  return {
    name,
    async list() {
      const keys = await bucket.keys(folder);
      return keys.map((key) => key.slice(folder.length, -suffix.length)).filter(isRecordId);
    },
    read: (id) => bucket.text(keyOf(id)),
    write: (id, text) => bucket.put(keyOf(id), text),
    remove: (id) => bucket.remove(keyOf(id)),
  };
}
