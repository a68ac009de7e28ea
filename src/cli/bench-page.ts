import { peers } from '../../bench/peers/peers.js';
import { serveJobs } from '../hosts/page.js';
import { benchJob, jobs } from './jobs.js';

// The page's script with the peers of the benchmark, which are development dependencies.
await serveJobs({ ...jobs, bench: benchJob(peers) }, navigator.gpu);
