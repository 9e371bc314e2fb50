/* page: the style sheet and the script of the activity page, as they are written to it. */
#ifndef PAGE_H
#define PAGE_H

extern const char page_style[];
extern const char page_script[];

#endif
