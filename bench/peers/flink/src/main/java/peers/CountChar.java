package peers;

import org.apache.flink.table.functions.ScalarFunction;

/** How often a character is in a text. */
public final class CountChar extends ScalarFunction {
  private static final long serialVersionUID = 1L;

  public Long eval(String text, String character) {
    if (text == null || character == null || character.isEmpty()) return null;
    char wanted = character.charAt(0);
    long count = 0;
    for (int i = 0; i < text.length(); i++) if (text.charAt(i) == wanted) count++;
    return count;
  }
}
