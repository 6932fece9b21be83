/** Line drawings on a 20 × 20 grid; decoration beside a label. */
const paths = {
  hash: "M7.5 3 6 17M14 3l-1.500 14M3.500 7.500h13.500M3 12.500h13.500",
  lock: "M5 9h10v7.500H5zM7 9V6.500a3 3 0 0 1 6 0V9",
  chevronDown: "m5.500 8 4.500 4.500L14.500 8",
  reply: "M3.500 4h13v9.500H10L6.500 16.500v-3h-3zM6.500 7.500h7M6.500 10.200h4.500",
  smile:
    "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14M7.500 8v.8M12.500 8v.8M6.800 11.500c1.500 2.200 4.900 2.200 6.400 0",
  more: "M10 4.500v.6M10 9.700v.6M10 14.900v.6",
  pin: "m11.500 3 5.500 5.500-2 .7-2.800 2.800-.4 3.200L4.800 8.200l3.200-.4L10.800 5zM8 12l-4.500 4.500",
  bookmark: "M6 3.500h8v13l-4-3.200-4 3.200z",
  people:
    "M7.500 10a2.700 2.700 0 1 0 0-5.400 2.700 2.700 0 0 0 0 5.400M2.500 16c.3-5 9.700-5 10 0M13 5a2.500 2.500 0 0 1 0 5M14.500 11.800c2 .6 3 2.200 3 4.200",
  send: "M3 3.500 17 10 3 16.500 4.800 10zM4.800 10H11",
  file: "M5.500 2.500h6L15 6v11.500H5.500zM11 2.500V6.500h4M7.800 10h5M7.800 13h5",
  download: "M10 3v9M6 8.500l4 4 4-4M4 16.500h12",
  bolt: "M11 2.500 4.500 11.500H9.500L8.500 17.500 15.500 8.500H10.500z",
  search: "M9 14.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11M13 13l4 4",
  plus: "M10 4v12M4 10h12",
  home: "M3.500 9 10 3.500 16.500 9M5 8v8.500h10V8M8.500 16.500V12h3v4.500",
  close: "m5 5 10 10M15 5 5 15",
  check: "m4 10.500 4 4 8-9",
  copy: "M7 7h9v9.500H7zM4 13V3.500h9",
};

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
