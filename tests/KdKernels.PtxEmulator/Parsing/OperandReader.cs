namespace KdKernels.PtxEmulator.Parsing;

internal static class OperandReader
{
    /// <summary>Reads operands separated by commas up to <paramref name="end"/>, which is consumed.</summary>
    public static Operand[] List(TokenReader reader, string end)
    {
        var operands = new List<Operand>();
        while (!reader.Take(end))
        {
            if (operands.Count > 0)
                reader.Expect(",");
            operands.Add(Read(reader));
        }

        return [.. operands];
    }

    private static Operand Read(TokenReader reader)
    {
        Token token = reader.Next();
        switch (token.Text)
        {
            case "{":
                return new VectorOperand(List(reader, "}"));
            case "(":
                return new ListOperand(List(reader, ")"));
            case "[":
                return Address(reader);
            case "!":
                return new NameOperand(Name(reader), Negated: true);
            case "-":
                {
                    Token number = reader.Next();
                    return Literal.Parse(number.Text, negative: true)
                        ?? throw reader.Error(number, $"expected a number but got '{number.Text}'");
                }
        }

        if (Literal.Parse(token.Text, negative: false) is { } literal)
            return literal;
        CheckName(reader, token);
        return reader.Take("|") ? new PairOperand(token.Text, Name(reader)) : new NameOperand(token.Text);
    }

    private static AddressOperand Address(TokenReader reader)
    {
        Token first = reader.Next();
        bool negative = first.Is("-");
        if (negative)
            first = reader.Next();
        if (Literal.Parse(first.Text, negative) is IntegerOperand absolute)
        {
            reader.Expect("]");
            return new AddressOperand(null, (long)absolute.Value);
        }

        CheckName(reader, first);
        long offset = 0;
        if (!reader.Take("]"))
        {
            bool minus = reader.Take("-");
            if (!minus)
            {
                reader.Expect("+");
                minus = reader.Take("-");
            }

            Token number = reader.Next();
            offset = Literal.Parse(number.Text, minus) is IntegerOperand value
                ? (long)value.Value
                : throw reader.Error(number, $"expected an offset but got '{number.Text}'");
            reader.Expect("]");
        }

        return new AddressOperand(first.Text, offset);
    }

    private static string Name(TokenReader reader)
    {
        Token token = reader.Next();
        CheckName(reader, token);
        return token.Text;
    }

    private static void CheckName(TokenReader reader, Token token)
    {
        char c = token.Text[0];
        if (!char.IsAsciiLetter(c) && c is not ('_' or '$' or '%'))
            throw reader.Error(token, $"expected an operand but got '{token.Text}'");
    }
}
