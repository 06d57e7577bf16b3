/** How much of a limit was used: a bar beside the words. */

/** From this share on, the limit is near. */
const NEAR = 0.8;

export function Meter({ value, of, text }: { value: number | null; of: number | null; text: string }) {
  if (value === null || of === null || !(of > 0)) return <span class="faint">{value === null ? "–" : text}</span>;
  const share = Math.min(1, value / of);
  return (
    <span class={share >= NEAR ? "meter meter-near" : "meter"}>
      {share >= NEAR && <span class="sr-only">Near the limit: </span>}
      {text}
      <i aria-hidden="true">
        <i style={{ width: `${share * 100}%` }} />
      </i>
    </span>
  );
}
