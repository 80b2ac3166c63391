namespace KdKernels.PtxEmulator.Parsing;

internal readonly record struct Token(string Text, int Line)
{
    public bool Is(string text) => Text == text;
}

/// <summary>Splits PTX into words (names, directives, opcodes and numbers keep their dots) and single signs.</summary>
internal static class Lexer
{
    public static List<Token> Split(string text)
    {
        var tokens = new List<Token>();
        int line = 1;
        int i = 0;
        while (i < text.Length)
        {
            char c = text[i];
            if (c == '\n')
                line++;
            if (char.IsWhiteSpace(c))
            {
                i++;
                continue;
            }

            if (c == '/' && i + 1 < text.Length && text[i + 1] is '/' or '*')
            {
                i = SkipComment(text, i, ref line);
                continue;
            }

            int start = i;
            if (IsWord(c))
            {
                while (i < text.Length && (IsWord(text[i]) || IsCacheScope(text, i)))
                    i += IsWord(text[i]) ? 1 : 2;
            }
            else if (c == '"')
            {
                i = text.IndexOf('"', i + 1) + 1;
                if (i == 0)
                    throw new PtxException(PtxError.Syntax, "expected the end of a string", line: line, text: "\"");
            }
            else
            {
                i++;
            }

            tokens.Add(new Token(text[start..i], line));
        }

        return tokens;
    }

    private static bool IsWord(char c) => char.IsAsciiLetterOrDigit(c) || c is '_' or '$' or '%' or '.';

    // L1::no_allocate is one modifier.
    private static bool IsCacheScope(string text, int i) =>
        text[i] == ':' && i + 2 < text.Length && text[i + 1] == ':' && char.IsAsciiLetter(text[i + 2]);

    private static int SkipComment(string text, int start, ref int line)
    {
        if (text[start + 1] == '/')
        {
            int end = text.IndexOf('\n', start);
            return end < 0 ? text.Length : end;
        }

        int close = text.IndexOf("*/", start + 2, StringComparison.Ordinal);
        if (close < 0)
            throw new PtxException(PtxError.Syntax, "expected the end of a comment", line: line, text: "/*");
        line += text.AsSpan(start, close - start).Count('\n');
        return close + 2;
    }
}
