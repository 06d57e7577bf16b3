/** The prices that amounts are worked out with: the reader's own. */

import { useState } from "preact/hooks";
import { Outside } from "../ui/text";
import { type Prices, price } from "./prices";

interface Properties {
  prices: Prices;
  onChange: (prices: Prices) => void;
  /** Names of prices that are needed and missing. */
  missing: readonly string[];
}

const FIELDS = [
  { key: "x86", label: "GB-second, x86" },
  { key: "arm64", label: "GB-second, arm64" },
  { key: "million", label: "Million invocations" },
] as const;

/** The page that has AWS's prices. The console never asks it: a person may. */
const PAGE = "aws.amazon.com/lambda/pricing";

export function PriceForm({ prices, onChange, missing }: Properties) {
  return (
    <section class="panel prices" aria-label="Prices">
      <h2>Your prices</h2>
      <p class="soft">
        The console knows none. Enter what you pay; AWS lists its prices by region at{" "}
        <a href={`https://${PAGE}`} target="_blank" rel="noopener noreferrer">
          {PAGE}
        </a>
        . They stay in this browser.
      </p>
      <div class="price-fields">
        <label>
          Currency
          <input
            type="text"
            class="price-currency"
            maxLength={4}
            autocomplete="off"
            value={prices.currency}
            onInput={(event) => onChange({ ...prices, currency: event.currentTarget.value.trim() })}
          />
        </label>
        {FIELDS.map(({ key, label }) => (
          <Field
            key={key}
            label={label}
            value={prices[key]}
            onChange={(value) => onChange({ ...prices, [key]: value })}
          />
        ))}
      </div>
      {missing.length > 0 && prices.x86 === null && prices.arm64 === null && prices.million === null ? (
        <p class="faint">Amounts appear once a price is given.</p>
      ) : (
        missing.length > 0 && (
          <p class="warning" role="status">
            Still missing: <Outside text={missing.join(", ")} />
          </p>
        )
      )}
    </section>
  );
}

function Field({
  label,
  value,
  onChange,
}: {
  label: string;
  value: number | null;
  onChange: (value: number | null) => void;
}) {
  const [text, setText] = useState(value === null ? "" : String(value));
  const wrong = price(text) === undefined;
  return (
    <label>
      {label}
      <input
        type="text"
        inputMode="decimal"
        autocomplete="off"
        placeholder="none"
        aria-invalid={wrong}
        value={text}
        onInput={(event) => {
          setText(event.currentTarget.value);
          const next = price(event.currentTarget.value);
          if (next !== undefined) onChange(next);
        }}
      />
      {wrong && <span class="failed">A number from 0 on</span>}
    </label>
  );
}
