import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/**
 * An element's width in pixels. A drawing of that width is not scaled, so its text stays legible.
 */
export function useWidth<Kind extends HTMLElement>() {
  const ref = useRef<Kind>(null);
  const width = useSignal(0);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const resized = new ResizeObserver(() => {
      width.value = element.clientWidth;
    });
    resized.observe(element);
    return () => resized.disconnect();
  }, [width]);
  return { ref, width: width.value };
}
