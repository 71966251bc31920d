// A Java class file: its name, and a hash of its shape that stays the same when a tool moves the
// class and what it refers to into other packages ("shading"), or writes the constant pool anew.
// Source: The Java Virtual Machine Specification, chapter 4.

#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace fathom {

struct JavaClass {
  std::string name;            // internal form: "org/apache/logging/log4j/Logger"
  std::uint16_t major = 0;     // of the class file's version: 52 is Java 8
  std::string module;          // of a module-info: the module's name, else empty
  std::string module_version;  // what it says of its version, or empty
  // Over what the sources say: names of the class, its super class and interfaces without their
  // packages, fields and methods with their types, texts and numbers. 0 for a class without
  // members and texts, which would be like many others.
  std::uint64_t shape = 0;
};

// Linear in the file. Fails on anything that is no class file as a whole.
Result<JavaClass> read_java_class(ByteView bytes);

}  // namespace fathom
