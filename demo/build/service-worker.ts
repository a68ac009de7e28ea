/** The part of a service worker's global scope that is used here; the page's types have none of it. */
export interface WorkerScope {
  readonly location: Location;
  readonly clients: { claim(): Promise<void> };
  addEventListener(
    type: 'install' | 'activate' | 'fetch',
    listener: (event: WorkerEvent) => void,
  ): void;
}

interface WorkerEvent {
  readonly request: Request;
  waitUntil(work: Promise<unknown>): void;
  respondWith(answer: Promise<Response>): void;
}

/**
 * The service worker: it keeps the built page, so that the page opens without a network. The build
 * writes this function's text into a file of its own, so it uses nothing from outside itself.
 *
 * A new build has another version, and so another cache. What a link or a reload asks for comes
 * from the network first, so that a new build is seen at once; its files, which have their checksum
 * in their names, follow. Everything else comes from the cache where it is there.
 *
 * Every answer gets the headers that isolate the page from other origins, which not every host can
 * send: browsers give isolated pages a finer clock. It takes effect from the second visit on.
 *
 * @param files addresses of what is kept from the first visit on, relative to the worker's own.
 * @param later those of what is kept after that, where it can be had and there is room.
 */
export function serveOffline(
  scope: WorkerScope,
  version: string,
  files: readonly string[],
  later: readonly string[],
): void {
  // Pages under other paths of the same host have caches of their own.
  const own = `espalier-page ${scope.location.pathname} `;
  const name = `${own}${version}`;

  const isolated = (response: Response): Response => {
    // Of a redirect the browser tells nothing: it is followed as it came.
    if (response.type === 'opaqueredirect' || response.type === 'error') return response;
    const headers = new Headers(response.headers);
    headers.set('cross-origin-opener-policy', 'same-origin');
    headers.set('cross-origin-embedder-policy', 'require-corp');
    const { status, statusText } = response;
    return new Response(response.body, { status, statusText, headers });
  };

  const answer = async (event: WorkerEvent): Promise<Response> => {
    const { request } = event;
    const cache = await caches.open(name);
    const kept = () => cache.match(request, { ignoreSearch: true });
    if (request.mode === 'navigate') {
      try {
        return isolated(await fetch(request));
      } catch {
        const page = (await kept()) ?? (await cache.match('./'));
        return page ? isolated(page) : Response.error();
      }
    }
    const found = await kept();
    if (found) return isolated(found);
    const response = await fetch(request);
    // The page need not wait for it, and has its answer where there is no room to keep it.
    if (response.status === 200) {
      event.waitUntil(cache.put(request, response.clone()).catch(() => undefined));
    }
    return isolated(response);
  };

  scope.addEventListener('install', (event) => {
    // Past the browser's own cache, which may hold the last build's files of the same name.
    const requests = (some: readonly string[]) =>
      some.map((file) => new Request(file, { cache: 'no-cache' }));
    const keep = async () => {
      const cache = await caches.open(name);
      await cache.addAll(requests(files));
      await cache.addAll(requests(later)).catch(() => undefined);
    };
    event.waitUntil(keep());
  });
  scope.addEventListener('activate', (event) => {
    const others = async () => {
      const stale = (await caches.keys()).filter((key) => key.startsWith(own) && key !== name);
      await Promise.all(stale.map((key) => caches.delete(key)));
      await scope.clients.claim();
    };
    event.waitUntil(others());
  });
  scope.addEventListener('fetch', (event) => {
    const { request } = event;
    if (request.method !== 'GET' || new URL(request.url).origin !== scope.location.origin) return;
    event.respondWith(answer(event));
  });
}
