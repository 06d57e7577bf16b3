import assert from "node:assert/strict";
import { test } from "node:test";
import type { Invocation } from "../api/types";
import { keyOf } from "./invocation-table";

test("attempts of which only the REPORT lines are here are rows of their own", () => {
  const attempt = { span: null, request_id: "8f5", start: 1, duration: 2 } as Invocation;
  const keys = [attempt, { ...attempt, start: 3 }, { ...attempt, duration: 4 }].map(keyOf);
  assert.equal(new Set(keys).size, 3);
});
