import { otherCases } from './cases.js';
import { playOnNode } from './play.js';

playOnNode('all other cases', otherCases);
