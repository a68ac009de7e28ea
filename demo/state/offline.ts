/**
 * Has the browser keep the page, so that it opens without a network, once it has loaded. A build
 * names its service worker in its markup. Without one (on an address that is not secure, or where
 * the person forbids it) the page works as well, with a network.
 */
export function keepOffline(): void {
  const link = document.querySelector<HTMLLinkElement>('link[rel="serviceworker"]');
  if (!link || !('serviceWorker' in navigator)) return;
  addEventListener('load', () => {
    navigator.serviceWorker.register(link.href).catch(() => undefined);
  });
}
