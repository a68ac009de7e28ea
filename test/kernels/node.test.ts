import { typicalCases } from './cases.js';
import { playOnNode } from './play.js';

// A file of their own, since these alone are what `npm run test:quick` and headless Chrome play.
playOnNode('one case of each kind', typicalCases);
