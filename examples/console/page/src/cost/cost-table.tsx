/** Cost by function, request, tenant or route. */

import { useMemo, useState } from "preact/hooks";
import type { Cost, CostSum } from "../api/types";
import { keptFilters } from "../filters";
import { href } from "../router";
import { count, duration, percent } from "../ui/format";
import { Service } from "../ui/marks";
import { type Sort, Table } from "../ui/table";
import { Outside } from "../ui/text";
import { tip } from "../ui/tooltip";
import { gigabyteSeconds, money } from "./amounts";
import { WaitingBar } from "./bar";
import { nodeName } from "./names";
import { type Prices, cost } from "./prices";

type Row = Cost["rows"][number];

/** The attributes that tenants and routes are told by. */
const ATTRIBUTES = { tenant: "tenant_id", route: "http.route" } as const;
const TITLES: Record<Cost["by"], string> = {
  function: "Function",
  request: "Request",
  tenant: "Tenant",
  route: "Route",
};

export function CostTable({
  cost: { by, rows },
  prices,
  onHover,
}: {
  cost: Cost;
  prices: Prices;
  onHover: (inside: boolean) => void;
}) {
  const [sort, setSort] = useState<Sort>({ key: "gbs", order: "desc" });
  const shown = useMemo(() => {
    const keys: Record<string, (row: Row) => number> = {
      invocations: (row) => row.invocations,
      billed: (row) => row.billed,
      gbs: (row) => row.gb_s + row.gb_s_arm64,
      cost: (row) => cost(row, prices) ?? -1,
      waiting: (row) => row.waiting / Math.max(1, row.duration),
    };
    const key = keys[sort.key] ?? ((row: Row) => row.gb_s);
    const sign = sort.order === "asc" ? 1 : -1;
    return [...rows].sort((a, b) => (key(a) - key(b)) * sign);
  }, [rows, sort, prices]);

  const link = ({ key }: Row): string | null => {
    if (key === null) return null;
    const kept = keptFilters();
    switch (by) {
      case "function":
        return href("invocations", null, { ...kept, service: [key] });
      case "request":
        return href("request", key);
      default:
        return href("requests", null, { ...kept, where: [`${ATTRIBUTES[by]}=${key}`] });
    }
  };
  return (
    <Table
      label={`Cost by ${by}`}
      rows={shown}
      rowKey={({ key }) => (key === null ? "none" : `of ${key}`)}
      link={link}
      sort={sort}
      onSort={setSort}
      onHover={onHover}
      keys
      columns={[
        {
          key: "key",
          title: TITLES[by],
          width: "minmax(8rem, 2fr)",
          cell: ({ key }) =>
            key === null ? (
              <i class="faint">without a {by}</i>
            ) : by === "function" ? (
              <Service name={key} />
            ) : (
              <Outside text={key} />
            ),
        },
        {
          key: "cost",
          title: "Cost",
          width: "minmax(6rem, 1fr)",
          align: "end",
          sort: "desc",
          cell: (row) => <Amount row={row} prices={prices} />,
        },
        { key: "exact", title: "Basis", width: "5rem", from: 640, cell: (row) => <Exactness row={row} /> },
        {
          key: "gbs",
          title: "GB-seconds",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          cell: (row) => gigabyteSeconds(row.gb_s + row.gb_s_arm64),
        },
        {
          key: "invocations",
          title: "Invocations",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          from: 560,
          cell: (row) => count(row.invocations),
        },
        {
          key: "billed",
          title: "Billed",
          width: "minmax(5rem, 1fr)",
          align: "end",
          sort: "desc",
          from: 820,
          cell: (row) => duration(row.billed),
        },
        {
          key: "waiting",
          title: "Waiting",
          width: "4.5rem",
          align: "end",
          sort: "desc",
          cell: (row) => percent(row.waiting / Math.max(1, row.duration)),
        },
        {
          key: "bar",
          title: "Work and waiting",
          width: "minmax(7rem, 2fr)",
          from: 700,
          cell: (row) => <WaitingBar row={row} />,
        },
        {
          key: "on",
          title: "Waiting on",
          width: "minmax(9rem, 2.5fr)",
          from: 960,
          cell: ({ waiting_on: on }) => (
            <span class="soft">
              {on.slice(0, 3).map(({ node, share }, index) => (
                <span key={node}>
                  {index > 0 && ", "}
                  <Outside text={nodeName(node)} /> {percent(share)}
                </span>
              ))}
            </span>
          ),
        },
      ]}
    />
  );
}

function Amount({ row, prices }: { row: CostSum; prices: Prices }) {
  const amount = cost(row, prices);
  if (amount === null) return <span class="faint">–</span>;
  return (
    <>
      {row.exact < row.invocations ? "≈ " : ""}
      {money(amount, prices.currency)}
    </>
  );
}

/** Whether Lambda said what was billed, or the console reckons it. */
export function Exactness({ row: { exact, invocations } }: { row: CostSum }) {
  if (exact === invocations) return <span class="mark">exact</span>;
  return (
    <span
      class="mark mark-warning"
      {...tip(`${count(exact)} of ${count(invocations)} invocations have their REPORT line`)}
    >
      estimate
    </span>
  );
}
