namespace KdKernels.PtxEmulator.Parsing;

/// <summary>Walks over the words of a module and knows the text around an error.</summary>
internal sealed class TokenReader(string text)
{
    private readonly List<Token> tokens = Lexer.Split(text);
    private readonly string[] lines = text.Split('\n');
    private int at;

    public bool AtEnd => at >= tokens.Count;

    public Token Peek => at < tokens.Count ? tokens[at] : new Token("", lines.Length);

    public Token PeekSecond => at + 1 < tokens.Count ? tokens[at + 1] : new Token("", lines.Length);

    public Token Next()
    {
        Token token = Peek;
        if (AtEnd)
            throw Error(token, "expected more text but got the end of the module");
        at++;
        return token;
    }

    public bool Take(string word)
    {
        if (!Peek.Is(word))
            return false;
        at++;
        return true;
    }

    public void Expect(string word)
    {
        Token token = Next();
        if (!token.Is(word))
            throw Error(token, $"expected '{word}' but got '{token.Text}'");
    }

    public int ExpectInteger()
    {
        Token token = Next();
        return Literal.Parse(token.Text, negative: false) is IntegerOperand { Value: <= int.MaxValue } number
            ? (int)number.Value
            : throw Error(token, $"expected a number but got '{token.Text}'");
    }

    public string Line(int line) => lines[Math.Min(line, lines.Length) - 1].Trim();

    public PtxException Error(Token token, string message) =>
        new(PtxError.Syntax, message, line: token.Line, text: Line(token.Line));
}
