/** The browser and its version: `Chrome 147`; of an unknown one the whole user agent. */
export function browserName(): string {
  const { userAgent } = navigator;
  const known = /(Firefox|Edg|Chrome|Version)\/(\d+)/.exec(userAgent);
  return known ? `${known[1] === 'Version' ? 'Safari' : known[1]} ${known[2]}` : userAgent;
}
