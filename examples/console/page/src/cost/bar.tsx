/** What time that was paid for went to, as one bar: own work, then waiting on each callee. */

import { duration, percent } from "../ui/format";
import { serviceSlot } from "../ui/palette";
import { Outside } from "../ui/text";
import { tip } from "../ui/tooltip";
import { nodeName } from "./names";
import { type Piece, type Waited, pieces } from "./waiting";

export function WaitingBar({ row, tall = false }: { row: Waited; tall?: boolean }) {
  return (
    <span class={tall ? "paid-bar paid-tall" : "paid-bar"} aria-hidden="true">
      {pieces(row).map((piece) => (
        <i
          key={piece.of + piece.node}
          class={`paid-${piece.of}`}
          data-slot={piece.node === null ? undefined : serviceSlot(piece.node)}
          style={{ flexGrow: piece.share }}
          {...tip(<About piece={piece} />)}
        />
      ))}
    </span>
  );
}

function About({ piece }: { piece: Piece }) {
  return (
    <>
      <b>
        <Outside text={label(piece)} />
      </b>{" "}
      {percent(piece.share)}, {duration(piece.time)}
    </>
  );
}

export function label(piece: Piece): string {
  if (piece.of === "work") return "Own work";
  return piece.node === null ? "Waiting on others" : `Waiting on ${nodeName(piece.node)}`;
}

/** The bar in words, with the colours that it has. */
export function WaitingWords({ row }: { row: Waited }) {
  return (
    <ul class="paid-words">
      {pieces(row).map((piece) => (
        <li key={piece.of + piece.node}>
          <i
            class={`paid-${piece.of}`}
            data-slot={piece.node === null ? undefined : serviceSlot(piece.node)}
            aria-hidden="true"
          />
          <Outside text={label(piece)} /> <b>{percent(piece.share)}</b>{" "}
          <span class="faint">{duration(piece.time)}</span>
        </li>
      ))}
    </ul>
  );
}
