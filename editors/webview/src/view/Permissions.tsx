/** What a service is asked for, each with its reason. */
import type { Provider } from "../bridge";

export function Permissions({ row, id }: { row: Provider; id?: string }) {
  if (row.scopes.length === 0) return null;
  return (
    <ul class="permissions" id={id}>
      {row.scopes.map(({ scope, reason }) => (
        <li key={scope}>
          <span class="reason">{reason.slice(0, 1).toUpperCase() + reason.slice(1)}</span>
          <code>{scope}</code>
        </li>
      ))}
    </ul>
  );
}
