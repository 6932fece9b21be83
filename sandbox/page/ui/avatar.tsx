import craiLogo from "../crai.svg";

const colors = ["#2f6f8f", "#8a4b9c", "#b3541e", "#2e7d5b", "#a83254", "#4a5bb5", "#7a6a12"];

interface AvatarProps {
  id: string;
  name: string;
  isBot: boolean;
  size?: "small" | "large";
}

/** A rounded square with the person's initial; the app has its logo. Decoration: the name stands beside it. */
export function Avatar({ id, name, isBot, size = "large" }: AvatarProps) {
  if (isBot && name === "crai") return <img className={`avatar avatar-${size}`} src={craiLogo} alt="" />;
  return (
    <span
      className={`avatar avatar-${size}`}
      style={{ backgroundColor: isBot ? "#616061" : colorOf(id) }}
      aria-hidden="true"
    >
      {(name[0] ?? "?").toUpperCase()}
    </span>
  );
}

function colorOf(id: string): string | undefined {
  let sum = 0;
  for (const letter of id) sum = sum * 31 + letter.charCodeAt(0);
  return colors[sum % colors.length];
}
