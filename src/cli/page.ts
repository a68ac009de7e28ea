import { serveJobs } from '../hosts/page.js';
import { jobs } from './jobs.js';

await serveJobs(jobs, navigator.gpu);
