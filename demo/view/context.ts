import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Page } from '../state/page.js';

export const PageContext = createContext<Page | undefined>(undefined);

export function usePage(): Page {
  const page = useContext(PageContext);
  if (!page) throw new Error('A view needs a PageContext.Provider above it.');
  return page;
}
