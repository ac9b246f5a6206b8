# A text file as a C string: cmake -DIN=... -DOUT=... -DNAME=... -P embed.cmake
file(READ ${IN} content HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," content "${content}")
file(WRITE ${OUT} "extern const char ${NAME}[];\nconst char ${NAME}[] = {${content}0};\n")
