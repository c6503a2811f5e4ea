// SPDX-License-Identifier: Apache-2.0
// Copyright The Penstock Authors

import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.everit.json.schema.loader.SchemaLoader;
import org.json.JSONObject;

/** Loads each line of a file as a JSON schema and writes down how the library prints it. */
public final class Print {
  public static void main(String[] args) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    List<String> out = new ArrayList<>();
    for (String line : Files.readAllLines(Path.of(args[0]))) {
      JSONObject json = new JSONObject(line);
      String printed = SchemaLoader.builder().useDefaults(true).draftV7Support().schemaJson(json).build().load().build().toString();
      out.add(mapper.writeValueAsString(mapper.readTree(printed)));
    }
    Files.write(Path.of(args[1]), out);
  }
}
