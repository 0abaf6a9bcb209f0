// Every test of the suite, in one process: they share a browser and a server (harness/room.mjs).

import './flows/login.mjs';
import './flows/setup.mjs';
import './flows/list.mjs';
import './flows/record.mjs';
import './flows/relation.mjs';
import './flows/past.mjs';
import './flows/many.mjs';
import './flows/files.mjs';
import './flows/people.mjs';
import './flows/keyboard.mjs';
import './flows/size.mjs';
import './crawl/notices.mjs';
import './crawl/pages.mjs';
import './crawl/extremes.mjs';
import './crawl/poison.mjs';
